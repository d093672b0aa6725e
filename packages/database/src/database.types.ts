
export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

export type Database = {
  
  "public": {
          Tables: {
            "whatsapp_account_events": {
                  Row: {
                    "content": NonNullable<Json>,"digest": string,"event": string,"field": string,"id": string,"number_id": string | null,"occurred_at": string,"severity": string | null,"subject": string | null,"tenant_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "content": NonNullable<Json>,"digest": string,"event": string,"field": string,"id"?: string,"number_id"?: string | null,"occurred_at": string,"severity"?: string | null,"subject"?: string | null,"tenant_id": string
                  }
                  Update: {
                    "content"?: NonNullable<Json>,"digest"?: string,"event"?: string,"field"?: string,"id"?: string,"number_id"?: string | null,"occurred_at"?: string,"severity"?: string | null,"subject"?: string | null,"tenant_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "number_is_of_the_same_tenant"
      columns: ["tenant_id","number_id"]
isOneToOne: false
      referencedRelation: "whatsapp_numbers"
      referencedColumns: ["tenant_id","id"]
    },{
      foreignKeyName: "whatsapp_account_events_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_calls": {
                  Row: {
                    "call_id": string,"content": NonNullable<Json>,"conversation_id": string,"direction": Database["public"]['Enums']["whatsapp_message_direction"],"duration_s": number | null,"ended_at": string | null,"id": string,"number_id": string,"occurred_at": string,"status": Database["public"]['Enums']["whatsapp_call_status"],"tenant_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "call_id": string,"content"?: NonNullable<Json>,"conversation_id": string,"direction": Database["public"]['Enums']["whatsapp_message_direction"],"duration_s"?: number | null,"ended_at"?: string | null,"id"?: string,"number_id": string,"occurred_at": string,"status": Database["public"]['Enums']["whatsapp_call_status"],"tenant_id": string
                  }
                  Update: {
                    "call_id"?: string,"content"?: NonNullable<Json>,"conversation_id"?: string,"direction"?: Database["public"]['Enums']["whatsapp_message_direction"],"duration_s"?: number | null,"ended_at"?: string | null,"id"?: string,"number_id"?: string,"occurred_at"?: string,"status"?: Database["public"]['Enums']["whatsapp_call_status"],"tenant_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "whatsapp_calls_conversation_id_fkey"
      columns: ["conversation_id"]
isOneToOne: false
      referencedRelation: "whatsapp_conversations"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "whatsapp_calls_number_id_fkey"
      columns: ["number_id"]
isOneToOne: false
      referencedRelation: "whatsapp_numbers"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "whatsapp_calls_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_campaign_recipients": {
                  Row: {
                    "campaign_id": string,"components": Json | null,"contact_id": string,"message_id": string,"place": number,"skipped_because": string | null,"tenant_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "campaign_id": string,"components"?: Json | null,"contact_id": string,"message_id"?: string,"place"?: never,"skipped_because"?: string | null,"tenant_id": string
                  }
                  Update: {
                    "campaign_id"?: string,"components"?: Json | null,"contact_id"?: string,"message_id"?: string,"place"?: never,"skipped_because"?: string | null,"tenant_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "whatsapp_campaign_recipients_campaign_id_fkey"
      columns: ["campaign_id"]
isOneToOne: false
      referencedRelation: "whatsapp_campaigns"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_campaigns": {
                  Row: {
                    "body": string | null,"content": NonNullable<Json>,"counts": NonNullable<Json>,"created_at": string,"created_by": string | null,"ended_at": string | null,"fed_to": number,"id": string,"is_segment_read": boolean,"name": string,"number_id": string,"scheduled_at": string | null,"segment": Json | null,"segment_read_to": string | null,"started_at": string | null,"state": Database["public"]['Enums']["whatsapp_campaign_state"],"tenant_id": string,"waits_for": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "body"?: string | null,"content": NonNullable<Json>,"counts"?: NonNullable<Json>,"created_at"?: string,"created_by"?: string | null,"ended_at"?: string | null,"fed_to"?: number,"id"?: string,"is_segment_read"?: boolean,"name": string,"number_id": string,"scheduled_at"?: string | null,"segment"?: Json | null,"segment_read_to"?: string | null,"started_at"?: string | null,"state"?: Database["public"]['Enums']["whatsapp_campaign_state"],"tenant_id": string,"waits_for"?: string | null
                  }
                  Update: {
                    "body"?: string | null,"content"?: NonNullable<Json>,"counts"?: NonNullable<Json>,"created_at"?: string,"created_by"?: string | null,"ended_at"?: string | null,"fed_to"?: number,"id"?: string,"is_segment_read"?: boolean,"name"?: string,"number_id"?: string,"scheduled_at"?: string | null,"segment"?: Json | null,"segment_read_to"?: string | null,"started_at"?: string | null,"state"?: Database["public"]['Enums']["whatsapp_campaign_state"],"tenant_id"?: string,"waits_for"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "number_is_of_the_same_tenant"
      columns: ["tenant_id","number_id"]
isOneToOne: false
      referencedRelation: "whatsapp_numbers"
      referencedColumns: ["tenant_id","id"]
    }
                  ]
                },"whatsapp_contact_merges": {
                  Row: {
                    "contact_id": string,"id": string,"merged": NonNullable<Json>,"merged_at": string,"reason": string,"tenant_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "contact_id": string,"id"?: string,"merged": NonNullable<Json>,"merged_at"?: string,"reason": string,"tenant_id": string
                  }
                  Update: {
                    "contact_id"?: string,"id"?: string,"merged"?: NonNullable<Json>,"merged_at"?: string,"reason"?: string,"tenant_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "whatsapp_contact_merges_tenant_id_contact_id_fkey"
      columns: ["tenant_id","contact_id"]
isOneToOne: false
      referencedRelation: "whatsapp_contacts"
      referencedColumns: ["tenant_id","id"]
    },{
      foreignKeyName: "whatsapp_contact_merges_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_contacts": {
                  Row: {
                    "bsuid": string | null,"created_at": string,"id": string,"marketing_opted_out": boolean,"marketing_preference_at": string | null,"parent_bsuid": string | null,"phone": string | null,"profile_name": string | null,"profile_updated_at": string | null,"saved_name": string | null,"saved_name_updated_at": string | null,"sort_name": string,"tenant_id": string,"username": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "bsuid"?: string | null,"created_at"?: string,"id"?: string,"marketing_opted_out"?: boolean,"marketing_preference_at"?: string | null,"parent_bsuid"?: string | null,"phone"?: string | null,"profile_name"?: string | null,"profile_updated_at"?: string | null,"saved_name"?: string | null,"saved_name_updated_at"?: string | null,"sort_name"?: never,"tenant_id": string,"username"?: string | null
                  }
                  Update: {
                    "bsuid"?: string | null,"created_at"?: string,"id"?: string,"marketing_opted_out"?: boolean,"marketing_preference_at"?: string | null,"parent_bsuid"?: string | null,"phone"?: string | null,"profile_name"?: string | null,"profile_updated_at"?: string | null,"saved_name"?: string | null,"saved_name_updated_at"?: string | null,"sort_name"?: never,"tenant_id"?: string,"username"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "whatsapp_contacts_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_conversations": {
                  Row: {
                    "active_at": string,"assignee_id": string | null,"contact_id": string | null,"created_at": string,"customer_window_expires_at": string | null,"group_id": string | null,"id": string,"last_message_at": string | null,"last_message_id": string | null,"number_id": string,"profile_seen_at": string | null,"state": Database["public"]['Enums']["whatsapp_conversation_state"],"team_id": string | null,"tenant_id": string,"thread_owner": string | null,"thread_owner_changed_at": string | null,"unread_count": number
                  }
                  ComputedFields: never
                  Insert: {
                    "active_at"?: never,"assignee_id"?: string | null,"contact_id"?: string | null,"created_at"?: string,"customer_window_expires_at"?: string | null,"group_id"?: string | null,"id"?: string,"last_message_at"?: string | null,"last_message_id"?: string | null,"number_id": string,"profile_seen_at"?: string | null,"state"?: Database["public"]['Enums']["whatsapp_conversation_state"],"team_id"?: string | null,"tenant_id": string,"thread_owner"?: string | null,"thread_owner_changed_at"?: string | null,"unread_count"?: number
                  }
                  Update: {
                    "active_at"?: never,"assignee_id"?: string | null,"contact_id"?: string | null,"created_at"?: string,"customer_window_expires_at"?: string | null,"group_id"?: string | null,"id"?: string,"last_message_at"?: string | null,"last_message_id"?: string | null,"number_id"?: string,"profile_seen_at"?: string | null,"state"?: Database["public"]['Enums']["whatsapp_conversation_state"],"team_id"?: string | null,"tenant_id"?: string,"thread_owner"?: string | null,"thread_owner_changed_at"?: string | null,"unread_count"?: number
                  }
                  Relationships: [
                    {
      foreignKeyName: "assignee_is_a_member_of_the_tenant"
      columns: ["assignee_id","tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_members"
      referencedColumns: ["user_id","tenant_id"]
    },{
      foreignKeyName: "contact_is_of_the_same_tenant"
      columns: ["contact_id","tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_contacts"
      referencedColumns: ["id","tenant_id"]
    },{
      foreignKeyName: "group_is_of_the_same_tenant"
      columns: ["group_id","tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_groups"
      referencedColumns: ["id","tenant_id"]
    },{
      foreignKeyName: "number_is_of_the_same_tenant"
      columns: ["tenant_id","number_id"]
isOneToOne: false
      referencedRelation: "whatsapp_numbers"
      referencedColumns: ["tenant_id","id"]
    },{
      foreignKeyName: "team_is_of_the_same_tenant"
      columns: ["tenant_id","team_id"]
isOneToOne: false
      referencedRelation: "whatsapp_teams"
      referencedColumns: ["tenant_id","id"]
    },{
      foreignKeyName: "whatsapp_conversations_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_groups": {
                  Row: {
                    "created_at": string,"group_id": string,"id": string,"last_event": string | null,"number_id": string,"subject": string | null,"tenant_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"group_id": string,"id"?: string,"last_event"?: string | null,"number_id": string,"subject"?: string | null,"tenant_id": string
                  }
                  Update: {
                    "created_at"?: string,"group_id"?: string,"id"?: string,"last_event"?: string | null,"number_id"?: string,"subject"?: string | null,"tenant_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "number_is_of_the_same_tenant"
      columns: ["tenant_id","number_id"]
isOneToOne: false
      referencedRelation: "whatsapp_numbers"
      referencedColumns: ["tenant_id","id"]
    },{
      foreignKeyName: "whatsapp_groups_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_invitations": {
                  Row: {
                    "created_at": string,"email": string,"expires_at": string,"id": string,"invited_by": string | null,"role": Database["public"]['Enums']["whatsapp_member_role"],"tenant_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"email": string,"expires_at": string,"id"?: string,"invited_by"?: string | null,"role": Database["public"]['Enums']["whatsapp_member_role"],"tenant_id": string
                  }
                  Update: {
                    "created_at"?: string,"email"?: string,"expires_at"?: string,"id"?: string,"invited_by"?: string | null,"role"?: Database["public"]['Enums']["whatsapp_member_role"],"tenant_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "whatsapp_invitations_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_media": {
                  Row: {
                    "attempts": number,"error": Json | null,"expires_at": string | null,"filename": string | null,"kind": string,"media_id": string | null,"message_id": string,"mime_type": string | null,"place": (string)[],"sha256": string | null,"size": number | null,"state": Database["public"]['Enums']["whatsapp_media_state"],"storage_path": string | null,"stored_at": string | null,"tenant_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "attempts"?: number,"error"?: Json | null,"expires_at"?: string | null,"filename"?: string | null,"kind": string,"media_id"?: string | null,"message_id": string,"mime_type"?: string | null,"place": (string)[],"sha256"?: string | null,"size"?: number | null,"state": Database["public"]['Enums']["whatsapp_media_state"],"storage_path"?: string | null,"stored_at"?: string | null,"tenant_id": string
                  }
                  Update: {
                    "attempts"?: number,"error"?: Json | null,"expires_at"?: string | null,"filename"?: string | null,"kind"?: string,"media_id"?: string | null,"message_id"?: string,"mime_type"?: string | null,"place"?: (string)[],"sha256"?: string | null,"size"?: number | null,"state"?: Database["public"]['Enums']["whatsapp_media_state"],"storage_path"?: string | null,"stored_at"?: string | null,"tenant_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "whatsapp_media_message_id_fkey"
      columns: ["message_id"]
isOneToOne: false
      referencedRelation: "whatsapp_messages"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "whatsapp_media_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_members": {
                  Row: {
                    "created_at": string,"role": Database["public"]['Enums']["whatsapp_member_role"],"tenant_id": string,"user_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"role": Database["public"]['Enums']["whatsapp_member_role"],"tenant_id": string,"user_id": string
                  }
                  Update: {
                    "created_at"?: string,"role"?: Database["public"]['Enums']["whatsapp_member_role"],"tenant_id"?: string,"user_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "whatsapp_members_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_message_changes": {
                  Row: {
                    "body": string | null,"content": NonNullable<Json>,"kind": string,"message_id": string | null,"number_id": string,"occurred_at": string,"target_wamid": string,"tenant_id": string,"wamid": string
                  }
                  ComputedFields: never
                  Insert: {
                    "body"?: string | null,"content": NonNullable<Json>,"kind": string,"message_id"?: string | null,"number_id": string,"occurred_at": string,"target_wamid": string,"tenant_id": string,"wamid": string
                  }
                  Update: {
                    "body"?: string | null,"content"?: NonNullable<Json>,"kind"?: string,"message_id"?: string | null,"number_id"?: string,"occurred_at"?: string,"target_wamid"?: string,"tenant_id"?: string,"wamid"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "whatsapp_message_changes_message_id_fkey"
      columns: ["message_id"]
isOneToOne: false
      referencedRelation: "whatsapp_messages"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "whatsapp_message_changes_number_id_fkey"
      columns: ["number_id"]
isOneToOne: false
      referencedRelation: "whatsapp_numbers"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "whatsapp_message_changes_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_message_recipients": {
                  Row: {
                    "delivered_at": string | null,"error": Json | null,"failed_at": string | null,"message_id": string,"participant": string,"played_at": string | null,"read_at": string | null,"sent_at": string | null,"status": Database["public"]['Enums']["whatsapp_message_status"]
                  }
                  ComputedFields: never
                  Insert: {
                    "delivered_at"?: string | null,"error"?: Json | null,"failed_at"?: string | null,"message_id": string,"participant": string,"played_at"?: string | null,"read_at"?: string | null,"sent_at"?: string | null,"status": Database["public"]['Enums']["whatsapp_message_status"]
                  }
                  Update: {
                    "delivered_at"?: string | null,"error"?: Json | null,"failed_at"?: string | null,"message_id"?: string,"participant"?: string,"played_at"?: string | null,"read_at"?: string | null,"sent_at"?: string | null,"status"?: Database["public"]['Enums']["whatsapp_message_status"]
                  }
                  Relationships: [
                    {
      foreignKeyName: "whatsapp_message_recipients_message_id_fkey"
      columns: ["message_id"]
isOneToOne: false
      referencedRelation: "whatsapp_messages"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_messages": {
                  Row: {
                    "accepted_at": string | null,"body": string | null,"campaign_id": string | null,"contact_id": string | null,"content": NonNullable<Json>,"conversation_id": string,"created_at": string,"delivered_at": string | null,"direction": Database["public"]['Enums']["whatsapp_message_direction"],"edited_at": string | null,"error": Json | null,"failed_at": string | null,"held_at": string | null,"id": string,"idempotency_key": string | null,"number_id": string,"occurred_at": string,"origin": string,"played_at": string | null,"pricing": Json | null,"read_at": string | null,"reply_to_wamid": string | null,"revoked_at": string | null,"scheduled_at": string | null,"sender_id": string | null,"sending_at": string | null,"sent_at": string | null,"status": Database["public"]['Enums']["whatsapp_message_status"],"tenant_id": string,"type": string,"wamid": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "accepted_at"?: string | null,"body"?: string | null,"campaign_id"?: string | null,"contact_id"?: string | null,"content": NonNullable<Json>,"conversation_id": string,"created_at"?: string,"delivered_at"?: string | null,"direction": Database["public"]['Enums']["whatsapp_message_direction"],"edited_at"?: string | null,"error"?: Json | null,"failed_at"?: string | null,"held_at"?: string | null,"id"?: string,"idempotency_key"?: string | null,"number_id": string,"occurred_at": string,"origin"?: string,"played_at"?: string | null,"pricing"?: Json | null,"read_at"?: string | null,"reply_to_wamid"?: string | null,"revoked_at"?: string | null,"scheduled_at"?: string | null,"sender_id"?: string | null,"sending_at"?: string | null,"sent_at"?: string | null,"status": Database["public"]['Enums']["whatsapp_message_status"],"tenant_id": string,"type": string,"wamid"?: string | null
                  }
                  Update: {
                    "accepted_at"?: string | null,"body"?: string | null,"campaign_id"?: string | null,"contact_id"?: string | null,"content"?: NonNullable<Json>,"conversation_id"?: string,"created_at"?: string,"delivered_at"?: string | null,"direction"?: Database["public"]['Enums']["whatsapp_message_direction"],"edited_at"?: string | null,"error"?: Json | null,"failed_at"?: string | null,"held_at"?: string | null,"id"?: string,"idempotency_key"?: string | null,"number_id"?: string,"occurred_at"?: string,"origin"?: string,"played_at"?: string | null,"pricing"?: Json | null,"read_at"?: string | null,"reply_to_wamid"?: string | null,"revoked_at"?: string | null,"scheduled_at"?: string | null,"sender_id"?: string | null,"sending_at"?: string | null,"sent_at"?: string | null,"status"?: Database["public"]['Enums']["whatsapp_message_status"],"tenant_id"?: string,"type"?: string,"wamid"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "conversation_is_of_the_same_number_and_tenant"
      columns: ["conversation_id","number_id","tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_conversations"
      referencedColumns: ["id","number_id","tenant_id"]
    },{
      foreignKeyName: "writer_is_of_the_same_tenant"
      columns: ["tenant_id","contact_id"]
isOneToOne: false
      referencedRelation: "whatsapp_contacts"
      referencedColumns: ["tenant_id","id"]
    }
                  ]
                },"whatsapp_notes": {
                  Row: {
                    "author_id": string | null,"body": string,"conversation_id": string,"created_at": string,"id": string,"number_id": string,"tenant_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "author_id"?: string | null,"body": string,"conversation_id": string,"created_at"?: string,"id"?: string,"number_id": string,"tenant_id": string
                  }
                  Update: {
                    "author_id"?: string | null,"body"?: string,"conversation_id"?: string,"created_at"?: string,"id"?: string,"number_id"?: string,"tenant_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "conversation_is_of_the_same_number_and_tenant"
      columns: ["conversation_id","number_id","tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_conversations"
      referencedColumns: ["id","number_id","tenant_id"]
    }
                  ]
                },"whatsapp_numbers": {
                  Row: {
                    "channel": Database["public"]['Enums']["whatsapp_channel"],"created_at": string,"display_phone_number": string,"id": string,"messaging_limit": string | null,"phone_number_id": string,"quality_event": string | null,"sends_per_second": number,"tenant_id": string,"verified_name": string | null,"waba_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "channel"?: Database["public"]['Enums']["whatsapp_channel"],"created_at"?: string,"display_phone_number": string,"id"?: string,"messaging_limit"?: string | null,"phone_number_id": string,"quality_event"?: string | null,"sends_per_second"?: number,"tenant_id": string,"verified_name"?: string | null,"waba_id"?: string | null
                  }
                  Update: {
                    "channel"?: Database["public"]['Enums']["whatsapp_channel"],"created_at"?: string,"display_phone_number"?: string,"id"?: string,"messaging_limit"?: string | null,"phone_number_id"?: string,"quality_event"?: string | null,"sends_per_second"?: number,"tenant_id"?: string,"verified_name"?: string | null,"waba_id"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "whatsapp_numbers_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_pauses": {
                  Row: {
                    "error": Json | null,"id": string,"number_id": string,"paused_at": string,"paused_by": string | null,"reason": string,"resume_at": string | null,"template_language": string | null,"template_name": string | null,"tenant_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "error"?: Json | null,"id"?: string,"number_id": string,"paused_at"?: string,"paused_by"?: string | null,"reason": string,"resume_at"?: string | null,"template_language"?: string | null,"template_name"?: string | null,"tenant_id": string
                  }
                  Update: {
                    "error"?: Json | null,"id"?: string,"number_id"?: string,"paused_at"?: string,"paused_by"?: string | null,"reason"?: string,"resume_at"?: string | null,"template_language"?: string | null,"template_name"?: string | null,"tenant_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "number_is_of_the_same_tenant"
      columns: ["tenant_id","number_id"]
isOneToOne: false
      referencedRelation: "whatsapp_numbers"
      referencedColumns: ["tenant_id","id"]
    }
                  ]
                },"whatsapp_reactions": {
                  Row: {
                    "contact_id": string | null,"conversation_id": string,"emoji": string | null,"number_id": string,"occurred_at": string,"target_wamid": string,"tenant_id": string,"wamid": string
                  }
                  ComputedFields: never
                  Insert: {
                    "contact_id"?: string | null,"conversation_id": string,"emoji"?: string | null,"number_id": string,"occurred_at": string,"target_wamid": string,"tenant_id": string,"wamid": string
                  }
                  Update: {
                    "contact_id"?: string | null,"conversation_id"?: string,"emoji"?: string | null,"number_id"?: string,"occurred_at"?: string,"target_wamid"?: string,"tenant_id"?: string,"wamid"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "person_is_of_the_same_tenant"
      columns: ["tenant_id","contact_id"]
isOneToOne: false
      referencedRelation: "whatsapp_contacts"
      referencedColumns: ["tenant_id","id"]
    },{
      foreignKeyName: "whatsapp_reactions_conversation_id_fkey"
      columns: ["conversation_id"]
isOneToOne: false
      referencedRelation: "whatsapp_conversations"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "whatsapp_reactions_number_id_fkey"
      columns: ["number_id"]
isOneToOne: false
      referencedRelation: "whatsapp_numbers"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "whatsapp_reactions_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_secrets": {
                  Row: {
                    "id": string,"name": Database["public"]['Enums']["whatsapp_secret_name"],"number_id": string | null,"tenant_id": string,"updated_at": string,"updated_by": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "id"?: string,"name": Database["public"]['Enums']["whatsapp_secret_name"],"number_id"?: string | null,"tenant_id": string,"updated_at"?: string,"updated_by"?: string | null
                  }
                  Update: {
                    "id"?: string,"name"?: Database["public"]['Enums']["whatsapp_secret_name"],"number_id"?: string | null,"tenant_id"?: string,"updated_at"?: string,"updated_by"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "number_is_of_the_same_tenant"
      columns: ["tenant_id","number_id"]
isOneToOne: false
      referencedRelation: "whatsapp_numbers"
      referencedColumns: ["tenant_id","id"]
    },{
      foreignKeyName: "whatsapp_secrets_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_session_pairings": {
                  Row: {
                    "expires_at": string,"kind": string,"session_id": string,"tenant_id": string,"value": string
                  }
                  ComputedFields: never
                  Insert: {
                    "expires_at": string,"kind": string,"session_id": string,"tenant_id": string,"value": string
                  }
                  Update: {
                    "expires_at"?: string,"kind"?: string,"session_id"?: string,"tenant_id"?: string,"value"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "session_is_of_the_same_tenant"
      columns: ["tenant_id","session_id"]
isOneToOne: false
      referencedRelation: "whatsapp_session_states"
      referencedColumns: ["tenant_id","id"]
    },{
      foreignKeyName: "session_is_of_the_same_tenant"
      columns: ["tenant_id","session_id"]
isOneToOne: false
      referencedRelation: "whatsapp_sessions"
      referencedColumns: ["tenant_id","id"]
    }
                  ]
                },"whatsapp_sessions": {
                  Row: {
                    "created_at": string,"epoch": number,"error": Json | null,"holder": string | null,"id": string,"name": string,"next_attempt_at": string | null,"number_id": string | null,"opened_at": string | null,"state": Database["public"]['Enums']["whatsapp_session_state"],"state_changed_at": string,"tenant_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"epoch": number,"error"?: Json | null,"holder"?: string | null,"id"?: string,"name": string,"next_attempt_at"?: string | null,"number_id"?: string | null,"opened_at"?: string | null,"state": Database["public"]['Enums']["whatsapp_session_state"],"state_changed_at"?: string,"tenant_id": string
                  }
                  Update: {
                    "created_at"?: string,"epoch"?: number,"error"?: Json | null,"holder"?: string | null,"id"?: string,"name"?: string,"next_attempt_at"?: string | null,"number_id"?: string | null,"opened_at"?: string | null,"state"?: Database["public"]['Enums']["whatsapp_session_state"],"state_changed_at"?: string,"tenant_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "number_is_of_the_same_tenant"
      columns: ["tenant_id","number_id"]
isOneToOne: false
      referencedRelation: "whatsapp_numbers"
      referencedColumns: ["tenant_id","id"]
    },{
      foreignKeyName: "whatsapp_sessions_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_team_members": {
                  Row: {
                    "team_id": string,"tenant_id": string,"user_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "team_id": string,"tenant_id": string,"user_id": string
                  }
                  Update: {
                    "team_id"?: string,"tenant_id"?: string,"user_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "team_is_of_the_same_tenant"
      columns: ["tenant_id","team_id"]
isOneToOne: false
      referencedRelation: "whatsapp_teams"
      referencedColumns: ["tenant_id","id"]
    },{
      foreignKeyName: "user_is_a_member_of_the_tenant"
      columns: ["user_id","tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_members"
      referencedColumns: ["user_id","tenant_id"]
    }
                  ]
                },"whatsapp_teams": {
                  Row: {
                    "created_at": string,"id": string,"name": string,"tenant_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"id"?: string,"name": string,"tenant_id": string
                  }
                  Update: {
                    "created_at"?: string,"id"?: string,"name"?: string,"tenant_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "whatsapp_teams_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_templates": {
                  Row: {
                    "category": string | null,"components": Json | null,"id": string,"language": string | null,"name": string | null,"parameter_format": string | null,"quality": string | null,"reason": string | null,"status": string | null,"synced_at": string | null,"template_id": string,"tenant_id": string,"updated_at": string | null,"waba_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "category"?: string | null,"components"?: Json | null,"id"?: string,"language"?: string | null,"name"?: string | null,"parameter_format"?: string | null,"quality"?: string | null,"reason"?: string | null,"status"?: string | null,"synced_at"?: string | null,"template_id": string,"tenant_id": string,"updated_at"?: string | null,"waba_id": string
                  }
                  Update: {
                    "category"?: string | null,"components"?: Json | null,"id"?: string,"language"?: string | null,"name"?: string | null,"parameter_format"?: string | null,"quality"?: string | null,"reason"?: string | null,"status"?: string | null,"synced_at"?: string | null,"template_id"?: string,"tenant_id"?: string,"updated_at"?: string | null,"waba_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "whatsapp_templates_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                },"whatsapp_tenants": {
                  Row: {
                    "agents_see_unassigned": boolean,"contacts_read_own_messages": boolean,"created_at": string,"id": string,"name": string,"unknown_term": string
                  }
                  ComputedFields: never
                  Insert: {
                    "agents_see_unassigned"?: boolean,"contacts_read_own_messages"?: boolean,"created_at"?: string,"id"?: string,"name": string,"unknown_term"?: string
                  }
                  Update: {
                    "agents_see_unassigned"?: boolean,"contacts_read_own_messages"?: boolean,"created_at"?: string,"id"?: string,"name"?: string,"unknown_term"?: string
                  }
                  Relationships: [
                    
                  ]
                }
          }
          Views: {
            "whatsapp_session_states": {
                  Row: {
                    "display_phone_number": string | null,"error": Json | null,"holder": string | null,"id": string,"name": string,"next_attempt_at": string | null,"number_id": string | null,"opened_at": string | null,"state": Database["public"]['Enums']["whatsapp_session_state"] | null,"state_changed_at": string,"tenant_id": string
                  }
                  ComputedFields: never
                  Relationships: [
                    {
      foreignKeyName: "number_is_of_the_same_tenant"
      columns: ["tenant_id","number_id"]
isOneToOne: false
      referencedRelation: "whatsapp_numbers"
      referencedColumns: ["tenant_id","id"]
    },{
      foreignKeyName: "whatsapp_sessions_tenant_id_fkey"
      columns: ["tenant_id"]
isOneToOne: false
      referencedRelation: "whatsapp_tenants"
      referencedColumns: ["id"]
    }
                  ]
                }
          }
          Functions: {
            "get_storage_size":
{ Args: { "bucket_name": string }; Returns: number
                           },
"whatsapp_accept_invitation":
{ Args: { "token": string }; Returns: Json
                           },
"whatsapp_access_token":
{ Args: { "phone_number_id"?: string,"waba_id"?: string }; Returns: string
                           },
"whatsapp_add_campaign_recipients":
{ Args: { "campaign_id": string,"recipients": Json }; Returns: Json
                           },
"whatsapp_add_note":
{ Args: { "body": string,"conversation_id": string }; Returns: Json
                           },
"whatsapp_administrated_wabas":
{ Args: Record<PropertyKey, never>; Returns: string[]
                           },
"whatsapp_assign_conversation":
{ Args: { "assignee_id"?: string,"conversation_id": string,"team_id"?: string }; Returns: Json
                           },
"whatsapp_campaign_counts":
{ Args: { "campaign_id": string }; Returns: Json
                           },
"whatsapp_cancel_message":
{ Args: { "message_id": string }; Returns: Json
                           },
"whatsapp_change_campaign":
{ Args: { "campaign_id": string,"change": string }; Returns: Json
                           },
"whatsapp_change_member_role":
{ Args: { "role": Database["public"]['Enums']["whatsapp_member_role"],"tenant_id": string,"user_id": string }; Returns: Json
                           },
"whatsapp_close_conversation":
{ Args: { "conversation_id": string }; Returns: Json
                           },
"whatsapp_connect_number":
{ Args: { "number": Json,"tenant_id": string }; Returns: Json
                           },
"whatsapp_count_conversations":
{ Args: { "tenant_id": string,"up_to"?: number }; Returns: {
              "all_open": number,"all_unread": number,"mine_open": number,"mine_unread": number,"queue_open": number,"queue_unread": number,"teams_open": number,"teams_unread": number
            }[]
                           },
"whatsapp_create_campaign":
{ Args: { "campaign": Json }; Returns: Json
                           },
"whatsapp_delete_contact":
{ Args: { "contact_id": string }; Returns: Json
                           },
"whatsapp_delete_conversation":
{ Args: { "conversation_id": string }; Returns: Json
                           },
"whatsapp_due_template_syncs":
{ Args: Record<PropertyKey, never>; Returns: string[]
                           },
"whatsapp_end_template_sync":
{ Args: { "read_at": string,"waba_id": string }; Returns: number
                           },
"whatsapp_enqueue_message":
{ Args: { "message": Json }; Returns: Json
                           },
"whatsapp_export_conversation":
{ Args: { "before_at"?: string,"before_id"?: string,"conversation_id": string,"page_size"?: number }; Returns: Json
                           },
"whatsapp_find_template":
{ Args: { "target": Json,"template": Json }; Returns: Json
                           },
"whatsapp_ingest":
{ Args: { "deliveries": Json }; Returns: Json
                           },
"whatsapp_invite_member":
{ Args: { "email": string,"role": Database["public"]['Enums']["whatsapp_member_role"],"tenant_id": string }; Returns: Json
                           },
"whatsapp_journal":
{ Args: { "filter"?: Json }; Returns: Json
                           },
"whatsapp_lease_media":
{ Args: { "lease_id": string,"lease_seconds"?: number,"max_jobs": number,"only_message"?: string }; Returns: Json
                           },
"whatsapp_lease_removals":
{ Args: { "max_files"?: number }; Returns: (string)[]
                           },
"whatsapp_lease_sends":
{ Args: { "lease_id": string,"lease_seconds"?: number,"max_sends": number,"only_conversation"?: string,"only_number"?: string,"run_id"?: string }; Returns: Json
                           },
"whatsapp_link_people":
{ Args: { "of_tenant": string,"people": Json }; Returns: undefined
                           },
"whatsapp_list_conversations":
{ Args: { "before_at"?: string,"before_id"?: string,"is_unread"?: boolean,"number_id"?: string,"page_size"?: number,"state"?: Database["public"]['Enums']["whatsapp_conversation_state"],"tenant_id": string,"whose"?: string,"whose_id"?: string }; Returns: {
              "active_at": string,
"assignee_id": string | null,
"contact_id": string | null,
"created_at": string,
"customer_window_expires_at": string | null,
"group_id": string | null,
"id": string,
"last_message_at": string | null,
"last_message_id": string | null,
"number_id": string,
"profile_seen_at": string | null,
"state": Database["public"]['Enums']["whatsapp_conversation_state"],
"team_id": string | null,
"tenant_id": string,
"thread_owner": string | null,
"thread_owner_changed_at": string | null,
"unread_count": number
            }[]
                          SetofOptions: {
        from: "*"
        to: "whatsapp_conversations"
        isOneToOne: false
        isSetofReturn: true
      } },
"whatsapp_mark_read":
{ Args: { "message_id": string }; Returns: Json
                           },
"whatsapp_numbers_to_send_from":
{ Args: { "number_ids": (string)[] }; Returns: string[]
                           },
"whatsapp_pause_number":
{ Args: { "number_id": string,"reason"?: string }; Returns: boolean
                           },
"whatsapp_prepare_upload":
{ Args: { "target": Json }; Returns: string
                           },
"whatsapp_read_thread":
{ Args: { "message_id": string,"most"?: number }; Returns: {
              "accepted_at": string | null,
"body": string | null,
"campaign_id": string | null,
"contact_id": string | null,
"content": NonNullable<Json>,
"conversation_id": string,
"created_at": string,
"delivered_at": string | null,
"direction": Database["public"]['Enums']["whatsapp_message_direction"],
"edited_at": string | null,
"error": Json | null,
"failed_at": string | null,
"held_at": string | null,
"id": string,
"idempotency_key": string | null,
"number_id": string,
"occurred_at": string,
"origin": string,
"played_at": string | null,
"pricing": Json | null,
"read_at": string | null,
"reply_to_wamid": string | null,
"revoked_at": string | null,
"scheduled_at": string | null,
"sender_id": string | null,
"sending_at": string | null,
"sent_at": string | null,
"status": Database["public"]['Enums']["whatsapp_message_status"],
"tenant_id": string,
"type": string,
"wamid": string | null
            }[]
                          SetofOptions: {
        from: "*"
        to: "whatsapp_messages"
        isOneToOne: false
        isSetofReturn: true
      } },
"whatsapp_record_media":
{ Args: { "outcomes": Json }; Returns: number
                           },
"whatsapp_record_removals":
{ Args: { "paths": (string)[] }; Returns: number
                           },
"whatsapp_record_sends":
{ Args: { "outcomes": Json }; Returns: Json
                           },
"whatsapp_record_session":
{ Args: { "report": Json }; Returns: Json
                           },
"whatsapp_release_conversation":
{ Args: { "conversation_id": string }; Returns: Json
                           },
"whatsapp_remove_member":
{ Args: { "tenant_id": string,"user_id": string }; Returns: undefined
                           },
"whatsapp_reopen_conversation":
{ Args: { "conversation_id": string }; Returns: Json
                           },
"whatsapp_require_admin":
{ Args: { "tenant_id": string }; Returns: undefined
                           },
"whatsapp_resume_number":
{ Args: { "number_id": string }; Returns: boolean
                           },
"whatsapp_resume_template":
{ Args: { "language": string,"name": string,"number_id": string }; Returns: boolean
                           },
"whatsapp_retry_media":
{ Args: { "message_id": string }; Returns: boolean
                           },
"whatsapp_retry_message":
{ Args: { "message_id": string }; Returns: Json
                           },
"whatsapp_search_contacts":
{ Args: { "after_id"?: string,"after_name"?: string,"page_size"?: number,"query": string,"tenant_id": string }; Returns: {
              "bsuid": string | null,
"created_at": string,
"id": string,
"marketing_opted_out": boolean,
"marketing_preference_at": string | null,
"parent_bsuid": string | null,
"phone": string | null,
"profile_name": string | null,
"profile_updated_at": string | null,
"saved_name": string | null,
"saved_name_updated_at": string | null,
"sort_name": string,
"tenant_id": string,
"username": string | null
            }[]
                          SetofOptions: {
        from: "*"
        to: "whatsapp_contacts"
        isOneToOne: false
        isSetofReturn: true
      } },
"whatsapp_search_messages":
{ Args: { "before_at"?: string,"before_id"?: string,"conversation_id"?: string,"page_size"?: number,"query": string,"tenant_id": string }; Returns: {
              "accepted_at": string | null,
"body": string | null,
"campaign_id": string | null,
"contact_id": string | null,
"content": NonNullable<Json>,
"conversation_id": string,
"created_at": string,
"delivered_at": string | null,
"direction": Database["public"]['Enums']["whatsapp_message_direction"],
"edited_at": string | null,
"error": Json | null,
"failed_at": string | null,
"held_at": string | null,
"id": string,
"idempotency_key": string | null,
"number_id": string,
"occurred_at": string,
"origin": string,
"played_at": string | null,
"pricing": Json | null,
"read_at": string | null,
"reply_to_wamid": string | null,
"revoked_at": string | null,
"scheduled_at": string | null,
"sender_id": string | null,
"sending_at": string | null,
"sent_at": string | null,
"status": Database["public"]['Enums']["whatsapp_message_status"],
"tenant_id": string,
"type": string,
"wamid": string | null
            }[]
                          SetofOptions: {
        from: "*"
        to: "whatsapp_messages"
        isOneToOne: false
        isSetofReturn: true
      } },
"whatsapp_session_acquire":
{ Args: { "folder": string,"force"?: boolean,"lease_ms": number,"owner": string,"session": string,"tenant": string }; Returns: Json
                           },
"whatsapp_session_append":
{ Args: { "body": string,"epoch": number,"hash": string,"key_id": string,"lease_ms": number,"log_id": string,"prev": string,"seq": number }; Returns: string
                           },
"whatsapp_session_delete":
{ Args: { "epoch": number,"log_id": string }; Returns: boolean
                           },
"whatsapp_session_list":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"whatsapp_session_publish":
{ Args: { "epoch": number,"log_id": string,"snapshot": Json }; Returns: boolean
                           },
"whatsapp_session_read":
{ Args: { "session": string,"tenant": string }; Returns: Json
                           },
"whatsapp_session_release":
{ Args: { "epoch": number,"is_clean": boolean,"log_id": string }; Returns: boolean
                           },
"whatsapp_session_renew":
{ Args: { "lease_ms": number,"leases": Json }; Returns: (string)[]
                           },
"whatsapp_session_usage":
{ Args: Record<PropertyKey, never>; Returns: {
              "object_bytes": number,"objects": number,"record_bytes": number,"records": number,"session": string,"tenant": string
            }[]
                           },
"whatsapp_set_secret":
{ Args: { "name": Database["public"]['Enums']["whatsapp_secret_name"],"number_id"?: string,"tenant_id": string,"value"?: string }; Returns: undefined
                           },
"whatsapp_start_first_template_sync":
{ Args: { "waba_id": string }; Returns: boolean
                           },
"whatsapp_store_templates":
{ Args: { "read_at": string,"templates": Json,"waba_id": string }; Returns: number
                           },
"whatsapp_take_conversation":
{ Args: { "conversation_id": string,"take_over"?: boolean }; Returns: Json
                           },
"whatsapp_wake_dispatcher":
{ Args: Record<PropertyKey, never>; Returns: number
                           },
"whatsapp_webhook_secrets":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"whatsapp_withdraw_invitation":
{ Args: { "invitation_id": string }; Returns: undefined
                           }
          }
          Enums: {
            "whatsapp_call_status": "created"|"ringing"|"connected"|"accepted"|"rejected"|"ended","whatsapp_campaign_state": "draft"|"running"|"paused"|"done"|"cancelled","whatsapp_channel": "cloud"|"web","whatsapp_conversation_state": "open"|"closed","whatsapp_media_state": "pending"|"stored"|"failed"|"expired","whatsapp_member_role": "admin"|"agent"|"viewer","whatsapp_message_direction": "inbound"|"outbound","whatsapp_message_status": "received"|"queued"|"cancelled"|"sending"|"unknown"|"accepted"|"sent"|"failed"|"delivered"|"read"|"played","whatsapp_secret_name": "access_token"|"app_secret"|"verify_token","whatsapp_session_state": "connecting"|"pairing"|"open"|"waiting"|"stopped"|"replaced"|"blocked"|"logged_out"
          }
          CompositeTypes: {
            [_ in never]: never
          }
        }
}

type DatabaseWithoutInternals = Omit<Database, '__InternalSupabase'>

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">]

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
        DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])
    : never = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
      DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])[TableName] extends {
      Row: infer R
    }
    ? R
    : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
  ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
      Row: infer R
    }
    ? R
    : never
  : never

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Insert: infer I
    }
    ? I
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
  ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I
    }
    ? I
    : never
  : never

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Update: infer U
    }
    ? U
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
  ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U
    }
    ? U
    : never
  : never

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
  ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
  ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never

export const Constants = {
  "public": {
          Enums: {
            "whatsapp_call_status": ["created", "ringing", "connected", "accepted", "rejected", "ended"],"whatsapp_campaign_state": ["draft", "running", "paused", "done", "cancelled"],"whatsapp_channel": ["cloud", "web"],"whatsapp_conversation_state": ["open", "closed"],"whatsapp_media_state": ["pending", "stored", "failed", "expired"],"whatsapp_member_role": ["admin", "agent", "viewer"],"whatsapp_message_direction": ["inbound", "outbound"],"whatsapp_message_status": ["received", "queued", "cancelled", "sending", "unknown", "accepted", "sent", "failed", "delivered", "read", "played"],"whatsapp_secret_name": ["access_token", "app_secret", "verify_token"],"whatsapp_session_state": ["connecting", "pairing", "open", "waiting", "stopped", "replaced", "blocked", "logged_out"]
          }
        }
} as const
